import { useEffect, useRef, useState } from 'preact/hooks';
import { Button } from '../ui/button.js';
import { useI18n } from '../ui/i18n.js';

interface QuestionEditorProps {
  readonly question: string;
  readonly onSend: (question: string) => void;
  readonly onCancel: () => void;
}

/** A question open for change. Enter sends it, Escape leaves it as it was. */
export function QuestionEditor({ question, onSend, onCancel }: QuestionEditorProps) {
  const { t } = useI18n();
  const [text, setText] = useState(question);
  const area = useRef<HTMLTextAreaElement>(null);
  useEffect(() => {
    area.current?.focus();
    area.current?.setSelectionRange(question.length, question.length);
  }, []);
  const send = (): void => {
    if (text.trim() !== '') onSend(text);
  };
  return (
    <form
      class="question-editor"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <textarea
        ref={area}
        rows={1}
        spellcheck={false}
        aria-label={t('answer.edit.label')}
        value={text}
        onInput={({ currentTarget }) => setText(currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === 'Escape') onCancel();
          // While an input method composes, Enter picks a candidate.
          if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
          event.preventDefault();
          send();
        }}
      />
      <div class="question-editor-foot">
        <p>{t('answer.edit.help')}</p>
        <Button label={t('answer.edit.cancel')} onClick={onCancel} />
        <Button kind="primary" type="submit" label={t('composer.send')} />
      </div>
    </form>
  );
}
