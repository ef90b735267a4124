/** A random UUID. `crypto.randomUUID` requires a secure context, which a page at a LAN address is not. */
export function uuid(): string {
  // The type says that it always exists, but it does not.
  const { randomUUID } = crypto as { randomUUID?: () => string };
  if (randomUUID !== undefined) return randomUUID.call(crypto);
  const hex = [...crypto.getRandomValues(new Uint8Array(16))].map((byte, index) => {
    // RFC 9562, section 5.4: version 4, variant 10.
    const value = index === 6 ? (byte & 0x0f) | 0x40 : index === 8 ? (byte & 0x3f) | 0x80 : byte;
    return value.toString(16).padStart(2, '0');
  });
  return [4, 2, 2, 2, 6].map((length) => hex.splice(0, length).join('')).join('-');
}
