import { useValue, Value } from './signal.js';

/** A text that is said twice in a row is another value each time. */
const said = new Value({ text: '', count: 0 });

/** Says something to screen readers, politely. */
export function announce(text: string): void {
  said.value = { text, count: said.value.count + 1 };
}

/** Where it is said. */
export function Announcer() {
  const { text, count } = useValue(said);
  return (
    <p class="visually-hidden" id="announcer" role="status">
      <span key={count}>{text}</span>
    </p>
  );
}
