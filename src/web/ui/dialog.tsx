import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { Button } from './button.js';
import { useI18n } from './i18n.js';

interface DialogProps {
  readonly id: string;
  readonly title: string;
  readonly onClose: () => void;
  readonly children: ComponentChildren;
}

/** A dialog over the page, for as long as it is rendered. Escape, its button and a click beside it close it. */
export function Dialog({ id, title, onClose, children }: DialogProps) {
  const { t } = useI18n();
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog
      ref={dialog}
      class="dialog card"
      id={id}
      aria-labelledby={`${id}-title`}
      onClose={onClose}
      onClick={(event) => {
        // A click beside the dialog hits the dialog element itself.
        if (event.target === dialog.current) dialog.current?.close();
      }}
    >
      <div class="section-head line">
        <h2 id={`${id}-title`}>{title}</h2>
        <Button kind="icon" icon="close" label={t('close')} onClick={() => dialog.current?.close()} />
      </div>
      <div class="dialog-scroll" tabIndex={0} role="group" aria-labelledby={`${id}-title`}>
        {children}
      </div>
    </dialog>
  );
}
