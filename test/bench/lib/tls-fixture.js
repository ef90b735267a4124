import { fileURLToPath } from 'node:url';

/** The path of the certificate the upstream shows, which signed itself, or of its key. */
export const tlsFixture = (name) => fileURLToPath(new URL(`../../helpers/tls/${name}.pem`, import.meta.url));
