import { useEffect, useState } from 'preact/hooks';
import { contentsOf, type ChapterId, type Place, type Told } from './places.js';
import type { Reference } from './reference.js';

/** The table of contents; the place being read is marked. */
export function Contents({ reference, i18n }: Told) {
  const current = usePlace(reference);
  const link = (id: string, name: string, isCode = false) => (
    <a href={`#${id}`} aria-current={id === current ? 'true' : undefined}>
      {isCode ? <code>{name}</code> : name}
    </a>
  );
  const chapters = Object.entries(contentsOf({ reference, i18n })) as [ChapterId, readonly Place[]][];
  return (
    <nav class="contents" aria-label={i18n.t('docs.contents')}>
      <ul>
        {chapters.map(([chapter, places]) => (
          <li>
            {link(chapter, i18n.t(`chapter.${chapter}`))}
            {places.length > 0 && (
              <ul>
                {places.map(({ id, name, about }) => (
                  <li>{link(id, name, about !== undefined)}</li>
                ))}
              </ul>
            )}
          </li>
        ))}
      </ul>
    </nav>
  );
}

/** The id of the place at the top of the window. */
function usePlace(reference: Reference): string {
  const [place, setPlace] = useState('overview');
  useEffect(() => {
    const places = [...document.querySelectorAll('main :is(section, article)[id]')];
    const seen = new Set<Element>();
    const observer = new IntersectionObserver(
      (entries) => {
        for (const { target, isIntersecting } of entries) seen[isIntersecting ? 'add' : 'delete'](target);
        // The innermost of those under the line is the last in the document.
        const last = places.findLast((each) => seen.has(each));
        if (last !== undefined) setPlace(last.id);
      },
      { rootMargin: '-96px 0px -80% 0px' },
    );
    for (const each of places) observer.observe(each);
    return () => observer.disconnect();
  }, [reference]);
  useEffect(() => {
    const link = document.querySelector('.contents [aria-current]');
    const box = link?.closest('.contents');
    if (!(link instanceof HTMLElement) || box == null) return;
    // `scrollIntoView` would also move the page.
    const { top, bottom } = box.getBoundingClientRect();
    const at = link.getBoundingClientRect();
    if (at.top < top || at.bottom > bottom) box.scrollTop += at.top - top - box.clientHeight / 3;
  }, [place]);
  return place;
}
