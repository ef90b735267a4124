import { useCallback, useEffect, useRef, useState } from 'preact/hooks';

/** How near to the end a person who read back has to come to read along again, in pixels. */
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
      if (!follows.current || scroller.current === null) return;
      scroller.current.scrollTop = scroller.current.scrollHeight;
      // Less content moves the end up, which is not the person.
      lastTop.current = scroller.current.scrollTop;
    });
    for (const element of [scroller.current, content.current]) if (element !== null) observer.observe(element);
    return () => observer.disconnect();
  }, []);
  const onScroll = useCallback(() => {
    if (scroller.current === null) return;
    const { scrollTop, clientHeight, scrollHeight } = scroller.current;
    const isUp = scrollTop < lastTop.current;
    lastTop.current = scrollTop;
    const left = scrollHeight - scrollTop - clientHeight;
    // The least step up is meant: it would be undone with the next words.
    const isReading = isUp ? follows.current && left <= 1 : follows.current || left <= NEAR_END;
    if (isReading === follows.current) return;
    follows.current = isReading;
    setFollowing(isReading);
  }, []);
  return { scroller, content, isFollowing, follow, onScroll };
}
