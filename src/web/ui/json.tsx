const MAX_CHILDREN = 200;
const TONES: Readonly<Record<string, string>> = { string: 'good', number: 'out', boolean: 'warn', object: 'warn' };
const LONG_STRING = 2_000;
/** Bytes in base64, of which the beginning is enough. */
const BYTES = /^"[\w+/]{400,}=*"$/;

/** A JSON value as a tree that opens and closes. */
export function Json({ value }: { readonly value: unknown }) {
  return (
    <div class="json">
      <Node value={value} depth={0} />
    </div>
  );
}

function Node({ name, value, depth }: { readonly name?: string; readonly value: unknown; readonly depth: number }) {
  const key = name === undefined ? null : <span class="soft">{name}: </span>;
  const isBranch = typeof value === 'object' && value !== null && Object.keys(value).length > 0;
  if (!isBranch) {
    return (
      <div>
        {key}
        <span class="toned" data-tone={TONES[typeof value]}>
          {leaf(value)}
        </span>
      </div>
    );
  }
  const isArray = Array.isArray(value);
  const [open, close] = isArray ? '[]' : '{}';
  const entries: [string, unknown][] = Object.entries(value);
  return (
    <details open={depth < 2}>
      <summary>
        {key}
        {open}
        <span class="muted">{` ${entries.length} ${close}`}</span>
      </summary>
      <div>
        {entries.slice(0, MAX_CHILDREN).map(([child, each]) => (
          <Node key={child} {...(isArray ? {} : { name: child })} value={each} depth={depth + 1} />
        ))}
        {entries.length > MAX_CHILDREN && <div>{`… ${entries.length - MAX_CHILDREN}`}</div>}
      </div>
      <div>{close}</div>
    </details>
  );
}

function leaf(value: unknown): string {
  // `undefined` has no JSON.
  const text = value === undefined ? '–' : JSON.stringify(value);
  const most = BYTES.test(text) ? 40 : LONG_STRING;
  return text.length > most ? `${text.slice(0, most)}… (${text.length})` : text;
}
