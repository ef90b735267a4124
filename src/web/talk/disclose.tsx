import type { ComponentChildren } from 'preact';

interface DiscloseProps {
  readonly id: string;
  /** The id of what it shows. */
  readonly controls: string;
  readonly isOpen: boolean;
  readonly onToggle: (isOpen: boolean) => void;
  readonly children: ComponentChildren;
}

/** A button that shows and hides something. */
export function Disclose({ id, controls, isOpen, onToggle, children }: DiscloseProps) {
  return (
    <button
      type="button"
      class="disclose"
      id={id}
      aria-expanded={isOpen}
      aria-controls={controls}
      onClick={() => onToggle(!isOpen)}
    >
      {children}
    </button>
  );
}
