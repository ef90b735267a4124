import type { ComponentChildren } from 'preact';

const MARKED = /(`[^`]+`|\[[^\]]+\]\(#[\w.-]+\))/;

/** A sentence in which backticks mark code, and links lead to places of the page. */
export function prose(text: string): ComponentChildren[] {
  return text.split(MARKED).map((part) => {
    if (part.startsWith('`')) return <code>{part.slice(1, -1)}</code>;
    const [, label, target] = /^\[(.+)\]\((.+)\)$/.exec(part) ?? [];
    return target === undefined ? part : <a href={target}>{label}</a>;
  });
}
