/** What may take the focus of an element inside it: what has a name for screen readers, or takes the focus anyway. */
const PLACES = 'article, section, form, main, [tabindex]';

/** Gives the focus on when the element that has it leaves the page: a keyboard and a screen reader go on from there. */
export function keepFocus(): void {
  let focused: Element | undefined;
  /** The places that it is in, the innermost first. */
  let around: HTMLElement[] = [];
  const placeOf = (element: Element) => element.parentElement?.closest<HTMLElement>(PLACES);
  document.addEventListener('focusin', ({ target }) => {
    focused = target as Element;
    around = [];
    for (let place = placeOf(focused); place != null; place = placeOf(place)) around.push(place);
  });
  const giveOn = (): void => {
    if (focused?.isConnected !== false || document.activeElement !== document.body) return;
    const place = around.find((each) => each.isConnected) ?? document.querySelector('main');
    if (place === null) return;
    if (!place.hasAttribute('tabindex')) place.tabIndex = -1;
    place.focus({ preventScroll: true });
  };
  new MutationObserver(giveOn).observe(document.body, { childList: true, subtree: true });
}
