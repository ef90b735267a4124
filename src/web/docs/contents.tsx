import { useEffect, useState } from 'preact/hooks';
import { SECTIONS, type SectionName } from '../locale/docs-texts.js';
import { useI18n } from '../ui/i18n.js';
import type { Reference } from './reference.js';
import { docsTexts } from './texts.js';

/** The table of contents; the place being read is marked. */
export function Contents({ reference }: { readonly reference: Reference }) {
  const texts = docsTexts(useI18n().language);
  const current = usePlace(reference);
  const inside = (
    section: SectionName,
  ): readonly { readonly id: string; readonly name: string; readonly isCode?: true }[] => {
    if (section === 'guide') return texts.guides.map(({ id, title }) => ({ id, name: title }));
    if (section === 'sequences') {
      return Object.entries(texts.sequences).map(([name, { title }]) => ({ id: `sequence-${name}`, name: title }));
    }
    return reference.messages
      .filter(({ isFromClient }) => section === (isFromClient ? 'client' : 'server'))
      .map(({ id, type }) => ({ id, name: type, isCode: true }));
  };
  const link = (id: string, name: string, isCode = false) => (
    <a href={`#${id}`} aria-current={id === current ? 'true' : undefined}>
      {isCode ? <code>{name}</code> : name}
    </a>
  );
  return (
    <nav class="contents" aria-label={texts.contents}>
      <ul>
        {SECTIONS.map((section) => (
          <li>
            {link(section, texts.sections[section])}
            {['sequences', 'guide', 'client', 'server'].includes(section) && (
              <ul>
                {inside(section).map(({ id, name, isCode }) => (
                  <li>{link(id, name, isCode)}</li>
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
    const places = [...document.querySelectorAll('main :is(section, article, figure)[id]')];
    const seen = new Set<Element>();
    const observer = new IntersectionObserver(
      (entries) => {
        for (const { target, isIntersecting } of entries) {
          if (isIntersecting) seen.add(target);
          else seen.delete(target);
        }
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
