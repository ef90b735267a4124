/** A moment, in Unix milliseconds. */
export function Time({ at }: { readonly at: number }) {
  const date = new Date(at);
  return (
    <time datetime={date.toISOString()} title={date.toLocaleString()}>
      {date.toLocaleTimeString('en-GB')}
    </time>
  );
}
