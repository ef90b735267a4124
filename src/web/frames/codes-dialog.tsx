/** `<CodesDialog onClose={…} />`: the tables of close codes and error codes, for as long as it is rendered. */
import { CLOSE_CODES, type CloseCodeName } from '../../protocol/close-codes.js';
import { ERROR_CODES, type ErrorCode } from '../../protocol/error-codes.js';
import { Dialog } from '../ui/dialog.js';
import { useI18n } from '../ui/i18n.js';
import { Table } from '../ui/table.js';

export function CodesDialog({ onClose }: { readonly onClose: () => void }) {
  const { t } = useI18n();
  const closeCodes = Object.entries(CLOSE_CODES).map(([name, { code, reconnect }]) => ({
    cells: [<code>{code}</code>, t(`close.${name as CloseCodeName}`), t(reconnect)],
  }));
  const errorCodes = Object.entries(ERROR_CODES).map(([code, { retryable }]) => ({
    // A long code may break behind an underscore, and nowhere else.
    cells: [
      <code>{code.split(/(?<=_)/).flatMap((part) => [part, <wbr />])}</code>,
      t(`error.${code as ErrorCode}`),
      t(retryable ? 'yes' : 'no'),
    ],
  }));
  const columns = [t('codes.code'), t('codes.meaning')];
  return (
    <Dialog id="codes" title={t('codes.title')} onClose={onClose}>
      <Table
        id="close-codes"
        caption={t('codes.close')}
        columns={[...columns, t('codes.reconnect')]}
        rows={closeCodes}
      />
      <Table id="error-codes" caption={t('codes.error')} columns={[...columns, t('codes.retry')]} rows={errorCodes} />
    </Dialog>
  );
}
