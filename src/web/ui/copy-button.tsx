import { useEffect, useState } from 'preact/hooks';
import { Button } from './button.js';
import { useI18n } from './i18n.js';

const SHOWN_MS = 1_500;

/** Browsers give the clipboard itself to secure contexts only: not to a page that comes from another machine by HTTP. */
function write(text: string): Promise<void> | undefined {
  if (isSecureContext) return navigator.clipboard.writeText(text);
  const put = (event: ClipboardEvent): void => {
    event.preventDefault();
    event.clipboardData?.setData('text/plain', text);
  };
  document.addEventListener('copy', put, { once: true });
  // oxlint-disable-next-line typescript/no-deprecated -- there is nothing else without a secure context
  if (document.execCommand('copy')) return undefined;
  document.removeEventListener('copy', put);
  throw new Error('The browser does not copy');
}

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
    new Promise<void>((resolve) => resolve(write(text()))).then(
      () => setOutcome('copied'),
      () => setOutcome('copyFailed'),
    );
  };
  return <Button icon="copy" label={t(outcome ?? 'copy')} onClick={copy} />;
}
