/**
 * Brings an element into sight by scrolling what lies around it, and nothing else. `scrollIntoView` does more: since
 * Chromium 150 the next Tab goes on from there, past all that stands before it.
 *
 * `where`: as little as needed, or with the element at the top.
 */
export function reveal(element: HTMLElement, where: 'nearest' | 'start' = 'nearest'): void {
  if (!element.checkVisibility()) return;
  for (let around = element.parentElement; around !== null; around = around.parentElement) {
    const isPage = around === document.documentElement;
    const style = getComputedStyle(around);
    const box = element.getBoundingClientRect();
    const place = isPage ? new DOMRect() : around.getBoundingClientRect();
    if (isPage || SCROLLS.test(style.overflowY)) {
      const top = box.top - place.top - around.clientTop - pixels(style.scrollPaddingTop);
      const room = around.clientHeight - pixels(style.scrollPaddingTop) - pixels(style.scrollPaddingBottom);
      around.scrollTop += where === 'start' && !isPage ? top : distance(top, top + box.height - room);
    }
    if (isPage || SCROLLS.test(style.overflowX)) {
      const left = box.left - place.left - around.clientLeft - pixels(style.scrollPaddingLeft);
      const room = around.clientWidth - pixels(style.scrollPaddingLeft) - pixels(style.scrollPaddingRight);
      around.scrollLeft += distance(left, left + box.width - room);
    }
  }
}

const SCROLLS = /auto|scroll/;

/** How far to scroll, where the beginning is so far behind one edge and the end so far behind the other. */
function distance(begin: number, end: number): number {
  // Places are whole pixels: half of one less would not do.
  if (begin < 0 && end < 0) return Math.floor(Math.max(begin, end));
  return begin > 0 && end > 0 ? Math.ceil(Math.min(begin, end)) : 0;
}

function pixels(length: string): number {
  return Number.parseFloat(length) || 0;
}
