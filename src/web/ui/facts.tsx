import type { ComponentChildren } from 'preact';

/** A name and what it says; what says nothing is left out. */
type Fact = readonly [name: string, label: string, value: string | undefined];

/** Short facts beside each other. */
export function Facts({ facts, class: look = '' }: { readonly facts: readonly Fact[]; readonly class?: string }) {
  return (
    <dl class={`facts ${look}`}>
      {facts.map(
        ([name, label, value = '']) =>
          value !== '' && (
            <div key={name} data-metric={name.split('.').at(-1)}>
              <dt>{label}</dt>
              <dd>{value}</dd>
            </div>
          ),
      )}
    </dl>
  );
}

/** A short word that stands out: `good` is alive, `out` leaves, `warn` waits, `bad` went wrong. */
export function Tag({ tone, children }: { readonly tone: string; readonly children: ComponentChildren }) {
  return (
    <span class="tag" data-tone={tone}>
      {children}
    </span>
  );
}
