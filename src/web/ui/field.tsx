import type { ComponentChildren, JSX } from 'preact';
import { Icon } from './icon.js';

interface FieldProps {
  /** Of the control, which says `aria-describedby={about(id)}`. */
  readonly id: string;
  readonly label: string;
  /** Stands beside the label. */
  readonly note?: string | undefined;
  readonly help?: string | undefined;
  readonly problem?: string | undefined;
  /** Several controls share the label. */
  readonly isGroup?: boolean;
  readonly name?: string;
  readonly children: ComponentChildren;
}

/** A control with its name, what it is for, and what is wrong with it. */
export function Field({ id, label, note, help, problem, isGroup = false, name, children }: FieldProps) {
  return (
    <div class="field" data-field={name}>
      <div class="line">
        {isGroup ? (
          <span class="field-name" id={`${id}-label`}>
            {label}
          </span>
        ) : (
          <label class="field-name" for={id}>
            {label}
          </label>
        )}
        {note !== undefined && <span class="tiny muted">{note}</span>}
      </div>
      {children}
      {help !== undefined && (
        <p class="tiny muted" id={`${id}-help`}>
          {help}
        </p>
      )}
      {problem !== undefined && (
        <p class="problem" id={`${id}-problem`}>
          {problem}
        </p>
      )}
    </div>
  );
}

/** The ids of what a {@link Field} says about its control. */
export function about(id: string): string {
  return `${id}-help ${id}-problem`;
}

type AriaName = 'aria-label' | 'aria-describedby' | 'aria-required' | 'aria-invalid';

interface SelectProps extends Pick<JSX.IntrinsicElements['select'], 'id' | 'name' | 'spellcheck' | AriaName> {
  readonly value: string;
  /** Each is a value, or a value and its text. */
  readonly options: readonly (string | readonly [value: string, text: string])[];
  readonly onPick: (value: string) => void;
  /** More options, in groups. */
  readonly children?: ComponentChildren;
}

export function Select({ options, onPick, children, ...attributes }: SelectProps) {
  return (
    <select {...attributes} onChange={({ currentTarget }) => onPick(currentTarget.value)}>
      {options.map((option) => {
        const [value, text] = typeof option === 'string' ? [option, option] : option;
        return (
          <option key={value} value={value}>
            {text}
          </option>
        );
      })}
      {children}
    </select>
  );
}

interface SearchFieldProps extends Pick<JSX.IntrinsicElements['input'], 'id' | 'ref' | 'placeholder' | 'onKeyDown'> {
  readonly label: string;
  readonly value: string;
  readonly onText: (text: string) => void;
}

export function SearchField({ label, onText, ...attributes }: SearchFieldProps) {
  return (
    <label class="search">
      <Icon name="search" />
      <input
        type="search"
        aria-label={label}
        placeholder={label}
        autocomplete="off"
        spellcheck={false}
        {...attributes}
        onInput={({ currentTarget }) => onText(currentTarget.value)}
      />
    </label>
  );
}

interface CheckProps {
  readonly id?: string;
  readonly label: ComponentChildren;
  readonly checked: boolean;
  readonly onCheck: (isChecked: boolean) => void;
}

export function Check({ label, onCheck, ...attributes }: CheckProps) {
  return (
    <label class="check line tiny soft">
      <input type="checkbox" {...attributes} onChange={({ currentTarget }) => onCheck(currentTarget.checked)} />
      {label}
    </label>
  );
}

/**
 * Whether a key belongs to the input method: while that composes, Enter picks a candidate and Escape drops it. Safari
 * ends the composition before it tells of the key, and marks the key with the code 229.
 */
export function isComposing(event: KeyboardEvent): boolean {
  // oxlint-disable-next-line typescript/no-deprecated -- nothing else tells it
  return event.isComposing || event.keyCode === 229;
}

interface FormProps extends Omit<JSX.IntrinsicElements['form'], 'children'> {
  readonly onSend: () => void;
  readonly children: ComponentChildren;
}

/** A form that the page reads by itself. */
export function Form({ onSend, ...attributes }: FormProps) {
  return (
    <form
      noValidate
      {...attributes}
      onSubmit={(event) => {
        event.preventDefault();
        onSend();
      }}
    />
  );
}
