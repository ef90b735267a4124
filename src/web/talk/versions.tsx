import { useEffect, useRef } from 'preact/hooks';
import type { ChatMessage } from '../../client/react.js';
import { Button } from '../ui/button.js';
import { useI18n } from '../ui/i18n.js';

interface VersionsProps {
  readonly of: 'question' | 'answer';
  readonly message: ChatMessage;
  /** The server changes nothing while a run is in progress. */
  readonly isHeld: boolean;
  readonly onSelect: ((messageId: string) => void) | undefined;
}

/** The version that was chosen last, and in which direction: the keyboard goes on from there. */
let chosen: { readonly id: string; readonly step: 'previous' | 'next' } | undefined;

/** `‹ 2/3 ›`: goes to another version of a question or an answer. */
export function Versions({ of, message: { id, branch }, isHeld, onSelect }: VersionsProps) {
  const { t } = useI18n();
  const group = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (chosen?.id !== id) return;
    const [previous, next] = group.current?.querySelectorAll('button') ?? [];
    const wanted = chosen.step === 'previous' ? previous : next;
    chosen = undefined;
    (wanted?.disabled === true ? (wanted === next ? previous : next) : wanted)?.focus();
  });
  if (branch === undefined || onSelect === undefined) return null;
  const { siblings, index, count } = branch;
  const to = (step: 'previous' | 'next', icon: 'previous' | 'next') => {
    const target = siblings[step === 'previous' ? index - 1 : index + 1];
    const select = (): void => {
      if (target === undefined) return;
      chosen = { id: target, step };
      onSelect(target);
    };
    return (
      <Button
        kind="icon"
        icon={icon}
        label={t(`versions.${step}`)}
        disabled={isHeld || target === undefined}
        onClick={select}
      />
    );
  };
  return (
    <div ref={group} class="versions" role="group" aria-label={t(`versions.${of}`, { at: index + 1, count })}>
      {to('previous', 'previous')}
      <span aria-hidden="true">{`${index + 1}/${count}`}</span>
      {to('next', 'next')}
    </div>
  );
}
