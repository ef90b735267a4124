import { useValue, Value } from './signal.js';

const said = new Value('');

/** Says something to screen readers, politely. */
export function announce(text: string): void {
  said.value = text;
}

/** Where it is said. */
export function Announcer() {
  return (
    <p class="visually-hidden" id="announcer" role="status">
      {useValue(said)}
    </p>
  );
}
