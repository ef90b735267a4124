import { useCallback, useEffect, useRef, useState } from 'preact/hooks';

/** How far from the end still counts as reading along, in pixels. */
const NEAR_END = 80;

/** Keeps the end of what grows in sight while the person is there, and leaves a person who reads back alone. */
export function useFollow() {
  const scroller = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const [isFollowing, setFollowing] = useState(true);
  const follows = useRef(true);
  const lastTop = useRef(0);
  const follow = useCallback((isOn: boolean) => {
    follows.current = isOn;
    setFollowing(isOn);
    if (isOn) scroller.current?.scrollTo({ top: scroller.current.scrollHeight });
  }, []);
  useEffect(() => {
    // The page has just been laid out: to read its height costs nothing here.
    const observer = new ResizeObserver(() => {
      if (follows.current && scroller.current !== null) scroller.current.scrollTop = scroller.current.scrollHeight;
    });
    for (const element of [scroller.current, content.current]) if (element !== null) observer.observe(element);
    return () => observer.disconnect();
  }, []);
  const onScroll = useCallback(() => {
    if (scroller.current === null) return;
    const { scrollTop, clientHeight, scrollHeight } = scroller.current;
    // Only the person scrolls up; growth alone must not look like that.
    const isUp = scrollTop < lastTop.current;
    lastTop.current = scrollTop;
    const isNear = scrollTop + clientHeight >= scrollHeight - NEAR_END;
    if (isNear !== follows.current && (isNear || isUp)) {
      follows.current = isNear;
      setFollowing(isNear);
    }
  }, []);
  return { scroller, content, isFollowing, follow, onScroll };
}
