import { isIP } from 'node:net';
import type { ValueType } from './value-types.js';

/** An address to listen on. */
export interface ListenPlace {
  readonly host: string;
  readonly port: number;
}

/** Where metrics are served: at the port of the service, or at an address of their own. */
export type MetricsPlace = 'here' | ListenPlace;

const LOOPBACK = '127.0.0.1';

/** A port of this machine only, or an address and a port. */
export const listenPlace: ValueType<ListenPlace> = {
  placeholder: 'address',
  rule: 'a port such as 9464, or an address such as 0.0.0.0:9464 or [::1]:9464',
  parse: (value) => {
    const [, bracketed, plain, digits = ''] = /^(?:(?:\[([\da-f:.]+)\]|([\w.-]+)):)?(\d{1,5})$/i.exec(value) ?? [];
    const host = bracketed ?? plain ?? LOOPBACK;
    const port = Number(digits);
    if (digits === '' || port > 65_535 || (bracketed !== undefined && isIP(bracketed) !== 6)) return undefined;
    return { host, port };
  },
  show: ({ host, port }) => `${host}:${port}`,
};

/** `here`, a port of this machine only, or an address and a port. */
export const metricsPlace: ValueType<MetricsPlace> = {
  placeholder: 'address',
  rule: 'here, a port such as 9464, or an address such as 0.0.0.0:9464 or [::1]:9464',
  parse: (value) => (value.toLowerCase() === 'here' ? 'here' : listenPlace.parse(value)),
  show: (place) => (place === 'here' ? place : listenPlace.show(place)),
};
