import type { RefObject } from 'preact';
import { useEffect, useReducer, useState } from 'preact/hooks';

/** The least time between two redraws, in milliseconds: nobody reads faster. */
const GAP_MS = 100;

/** Returns a function that renders the component again. */
function useRender(): () => void {
  const [, render] = useReducer<number, undefined>((count) => count + 1, 0);
  return () => render(undefined);
}

/** Renders the component every `ms` milliseconds for as long as `isOn` says. */
export function useTick(ms: number, isOn = true): void {
  const render = useRender();
  useEffect(() => {
    if (!isOn) return undefined;
    const timer = setInterval(render, ms);
    return () => clearInterval(timer);
  }, [ms, isOn]);
}

/**
 * Renders the component after changes, at most ten times a second, in an animation frame. Returns a function that
 * renders it at once.
 */
export function useRedraw(subscribe: (listener: () => void) => () => void): () => void {
  const render = useRender();
  useEffect(() => {
    let isDue = false;
    let isOver = false;
    let drawnAt = -Infinity;
    const draw = (): void => {
      isDue = false;
      drawnAt = performance.now();
      if (!isOver) render();
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
  return render;
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

/** Calls `onSize` with the size of the element, now and after each change: nobody has to ask the page for it. */
export function useSize(element: RefObject<Element | null>, onSize: (width: number, height: number) => void): void {
  useEffect(() => {
    if (element.current === null) return undefined;
    const observer = new ResizeObserver(([entry]) => {
      const { inlineSize = 0, blockSize = 0 } = entry?.borderBoxSize[0] ?? {};
      onSize(inlineSize, blockSize);
    });
    observer.observe(element.current);
    return () => observer.disconnect();
  }, [element]);
}
