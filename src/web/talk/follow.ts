import type { RefObject } from 'preact';
import { useCallback, useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';

/** How far from the end still counts as reading along, in pixels. */
const NEAR_END = 80;

/** Keeps the end of what grows in sight while the person is there, and leaves a person who reads back alone. */
export function useFollow() {
  const scroller = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const [isFollowing, setFollowing] = useState(true);
  const follows = useRef(true);
  const lastTop = useRef(0);
  const follow = useCallback((follow: boolean) => {
    follows.current = follow;
    setFollowing(follow);
    if (follow) scroller.current?.scrollTo({ top: scroller.current.scrollHeight });
  }, []);
  useEffect(() => {
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

/** Keeps what is read where it is on the screen when turns come above it. `keys` name the turns. */
export function usePlace(scroller: RefObject<HTMLElement | null>, keys: readonly string[]): void {
  const first = useRef<string | undefined>(undefined);
  // The page still shows what was rendered before.
  const before = scroller.current?.scrollHeight ?? 0;
  useLayoutEffect(() => {
    const isAbove = keys.indexOf(first.current ?? '') > 0;
    first.current = keys[0];
    if (isAbove && scroller.current !== null) scroller.current.scrollTop += scroller.current.scrollHeight - before;
  }, [keys[0]]);
}
