import { useEffect, useState } from 'preact/hooks';
import { Button } from './button.js';
import { useI18n } from './i18n.js';

const SHOWN_MS = 1_500;

/** A button that copies a text and says for a moment whether that worked. */
export function CopyButton({ text }: { readonly text: () => string }) {
  const { t } = useI18n();
  const [outcome, setOutcome] = useState<'copied' | 'copyFailed'>();
  useEffect(() => {
    if (outcome === undefined) return undefined;
    const timer = setTimeout(() => setOutcome(undefined), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [outcome]);
  const copy = (): void => {
    // The clipboard needs a secure context or a permission.
    new Promise<void>((resolve) => resolve(navigator.clipboard.writeText(text()))).then(
      () => setOutcome('copied'),
      () => setOutcome('copyFailed'),
    );
  };
  return <Button icon="copy" label={t(outcome ?? 'copy')} onClick={copy} />;
}
