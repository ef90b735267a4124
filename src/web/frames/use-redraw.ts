/** Hooks for components that show what changes many times a second. */
import type { RefObject } from 'preact';
import { useEffect, useReducer, useState } from 'preact/hooks';

/** The least time between two redraws, in milliseconds: nobody reads faster. */
const GAP_MS = 100;

/**
 * Renders the component after changes, at most ten times a second, in an animation frame. Returns a function that
 * renders it at once.
 */
export function useRedraw(subscribe: (listener: () => void) => () => void): () => void {
  const [, render] = useReducer<number, undefined>((count) => count + 1, 0);
  useEffect(() => {
    let isDue = false;
    let isOver = false;
    let drawnAt = -Infinity;
    const draw = (): void => {
      isDue = false;
      drawnAt = performance.now();
      if (!isOver) render(undefined);
    };
    const off = subscribe(() => {
      if (isDue) return;
      isDue = true;
      setTimeout(() => requestAnimationFrame(draw), drawnAt + GAP_MS - performance.now());
    });
    // Something may have changed before.
    draw();
    return () => {
      isOver = true;
      off();
    };
  }, [subscribe]);
  return () => render(undefined);
}

/** Calls `tick` now and every `ms` milliseconds while the element can be seen. */
export function useWhileVisible(element: RefObject<Element | null>, ms: number, tick: () => unknown): void {
  const [isVisible, setVisible] = useState(false);
  useEffect(() => {
    const observer = new IntersectionObserver(([entry]) => setVisible(entry?.isIntersecting ?? false));
    if (element.current !== null) observer.observe(element.current);
    return () => observer.disconnect();
  }, [element]);
  useEffect(() => {
    if (!isVisible) return undefined;
    tick();
    const timer = setInterval(() => document.hidden || tick(), ms);
    return () => clearInterval(timer);
  }, [isVisible, ms, tick]);
}
