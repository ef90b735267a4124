import type { ComponentChildren, JSX } from 'preact';
import { Icon, type IconName } from './icon.js';

/** `primary`: what is meant to be pressed. `small`: beside other things. `chip`: one of a row. `icon`: its label is hidden. */
type ButtonKind = 'button' | 'primary' | 'small' | 'chip' | 'icon';

interface ButtonProps extends Omit<JSX.IntrinsicElements['button'], 'icon' | 'label' | 'kind' | 'class'> {
  /** In place of the look of its kind. */
  readonly class?: string;
  readonly kind?: ButtonKind;
  readonly icon?: IconName | undefined;
  readonly label: string;
  /** What a screen reader says, and a pointer shows, where that is more than the label. */
  readonly title?: string;
  readonly isDanger?: boolean;
}

const CLASSES: Readonly<Record<ButtonKind, string>> = {
  button: 'button',
  primary: 'button primary',
  small: 'small-button',
  chip: 'chip',
  icon: 'icon-button',
};

/** Every button of the page. */
export function Button({ kind = 'small', icon, label, title, isDanger = false, children, ...more }: ButtonProps) {
  const look = more.class ?? CLASSES[kind];
  const name = title ?? (kind === 'icon' ? label : undefined);
  return (
    <button type="button" title={name} aria-label={name} {...more} class={isDanger ? `${look} danger` : look}>
      {icon !== undefined && <Icon name={icon} />}
      {kind !== 'icon' && <span>{label}</span>}
      {children}
    </button>
  );
}

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
      class="disclose plain line tiny muted"
      id={id}
      aria-expanded={isOpen}
      aria-controls={controls}
      onClick={() => onToggle(!isOpen)}
    >
      {children}
    </button>
  );
}
