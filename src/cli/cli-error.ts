/** An error that the operator can correct: printed as one line without a stack; the process ends with code 1. */
export class CliError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'CliError';
  }
}

/** Why a system call failed, in words: `permission denied`. */
export function systemReason(error: unknown): string {
  const code = (error as NodeJS.ErrnoException | undefined)?.code ?? '';
  return REASONS[code] ?? (error instanceof Error ? error.message : String(error));
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EISDIR: 'it is a directory',
  ENOTDIR: 'a part of its path is not a directory',
  EEXIST: 'a part of its path is not a directory',
  ELOOP: 'its symbolic links run in a circle',
  EROFS: 'the file system is read-only',
  ENOSPC: 'the disk is full',
  ERR_OSSL_X509_KEY_VALUES_MISMATCH: 'the key is not that of the certificate',
  ERR_OSSL_UNSUPPORTED: 'the key is not in PEM format, or has a passphrase',
  ERR_OSSL_PEM_NO_START_LINE: 'the certificate is not in PEM format',
};
