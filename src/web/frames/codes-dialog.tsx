/** `<CodesDialog onClose={…} />`: the tables of close codes and error codes, for as long as it is rendered. */
import { CLOSE_CODES, type CloseCodeName } from '../../protocol/close-codes.js';
import { ERROR_CODES, type ErrorCode } from '../../protocol/error-codes.js';
import { Dialog } from '../ui/dialog.js';
import { useI18n } from '../ui/i18n.js';

export function CodesDialog({ onClose }: { readonly onClose: () => void }) {
  const { t } = useI18n();
  const closeCodes = Object.entries(CLOSE_CODES).map(([name, { code, reconnect }]) => {
    return [String(code), t(`close.${name as CloseCodeName}`), t(`reconnect.${reconnect}`)] as const;
  });
  const errorCodes = Object.entries(ERROR_CODES).map(([code, { retryable }]) => {
    return [code, t(`error.${code as ErrorCode}`), t(retryable ? 'yes' : 'no')] as const;
  });
  const tables = [
    { id: 'close-codes', title: t('codes.close'), then: t('codes.reconnect'), rows: closeCodes },
    { id: 'error-codes', title: t('codes.error'), then: t('codes.retry'), rows: errorCodes },
  ];
  return (
    <Dialog id="codes" title={t('codes.title')} onClose={onClose}>
      {tables.map(({ id, title, then, rows }) => (
        <table key={id} class="table">
          <caption>{title}</caption>
          <thead>
            <tr>
              {[t('codes.code'), t('codes.meaning'), then].map((name) => (
                <th key={name} scope="col">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody id={id}>
            {rows.map(([code, meaning, next]) => (
              <tr key={code}>
                <th scope="row">
                  {/* A long code may break behind an underscore, and nowhere else. */}
                  <code>{code.split(/(?<=_)/).flatMap((part) => [part, <wbr key={part} />])}</code>
                </th>
                <td>{meaning}</td>
                <td>{next}</td>
              </tr>
            ))}
          </tbody>
        </table>
      ))}
    </Dialog>
  );
}
