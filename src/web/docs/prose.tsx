const MARK = /`([^`]+)`|\[([^\]]+)\]\((#[\w.-]+)\)/g;

/** A sentence in which backticks mark code, and links lead to places of the page. */
export function Prose({ text }: { readonly text: string }) {
  const parts = [];
  let at = 0;
  for (const match of text.matchAll(MARK)) {
    const [whole, code, label, target = ''] = match;
    parts.push(text.slice(at, match.index), code === undefined ? <a href={target}>{label}</a> : <code>{code}</code>);
    at = match.index + whole.length;
  }
  return (
    <>
      {parts}
      {text.slice(at)}
    </>
  );
}
