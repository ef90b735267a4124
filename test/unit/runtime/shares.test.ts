import { expect, it } from 'vitest';
import { accountsOf } from '../../../src/connection/principal.js';
import { AccountShares } from '../../../src/runtime/account-shares.js';
import { addressKey } from '../../../src/runtime/address-key.js';
import { Shares } from '../../../src/runtime/shares.js';

it('counts what each key holds, and forgets a key that holds nothing', () => {
  const shares = new Shares();
  shares.add('a', 3);
  shares.add('b', 1);
  shares.add('a', -2);
  expect([shares.of('a'), shares.of('b'), shares.of('c'), shares.total]).toEqual([1, 1, 0, 2]);
  shares.add('a', -1);
  expect([shares.of('a'), shares.total]).toEqual([0, 1]);
});

it('counts what an owner and an address have, and clients that share one owner by their address alone', () => {
  const shares = new AccountShares({ owner: 2, address: 3 });
  const ann = accountsOf('ann', '192.0.2.1');
  const anonymous = accountsOf('anonymous', '192.0.2.1');
  const nowhere = accountsOf('anonymous', undefined);
  shares.add(ann, 2);
  expect([ann, anonymous, nowhere].map((accounts) => shares.full(accounts))).toEqual(['owner', undefined, undefined]);
  shares.add(nowhere, 9);
  shares.add(anonymous, 1);
  expect([ann, anonymous, nowhere].map((accounts) => shares.full(accounts))).toEqual(['owner', 'address', undefined]);
  shares.add(ann, -2);
  expect([ann, anonymous].map((accounts) => shares.full(accounts))).toEqual([undefined, undefined]);
});

it.each([
  [undefined, 'unknown'],
  ['', 'unknown'],
  ['192.0.2.7', '192.0.2.7'],
  ['::ffff:192.0.2.7', '192.0.2.7'],
  ['::FFFF:192.0.2.7', '192.0.2.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:0DB8:0001:0002::9', '2001:db8:1:2::/64'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  ['::', '0:0:0:0::/64'],
  ['64:ff9b::192.0.2.33', '64:ff9b:0:0::/64'],
  ['/run/agent.sock', '/run/agent.sock'],
])('counts %s as %s', (address, key) => {
  expect(addressKey(address)).toBe(key);
});
