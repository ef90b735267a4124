import { createValue, useValue } from './value.js';

const said = createValue('');

/** Says something to screen readers, politely. */
export const announce = said.set;

/** Where it is said. */
export function Announcer() {
  return (
    <p class="visually-hidden" id="announcer" role="status">
      {useValue(said)}
    </p>
  );
}
