/**
 * The shape of Slipway that tests run on. Embedded: one server, with its SQLite database and its packages on a disk. Shared:
 * two servers and two workers on a PostgreSQL database and one blob store. `npm test` does both.
 */
export const IS_SHARED = process.env.SLIPWAY_TEST_SHAPE === 'shared';

/**
 * For `skip` of a test that cannot run on the shared shape.
 *
 * @param why continues 'on one server alone: '
 */
export function embeddedOnly(why: string): string | false {
  return IS_SHARED && `on one server alone: ${why}`;
}
