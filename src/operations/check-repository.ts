import type { AppRow } from '../database/schema.ts';
import { Refusal } from '../domain/refusal.ts';
import { RepositoryError } from '../repository/repository.ts';

/** @throws RepositoryError when the address is one that Slipway does not use; touches nothing */
export type CheckRepository = (repository: { readonly kind: AppRow['kind']; readonly address: string }) => void;

/** @throws Refusal INVALID_PARAMETERS when an app cannot have this repository */
export function checkRepositoryOf(
  { kind, repository }: Pick<AppRow, 'kind' | 'repository'>,
  check: CheckRepository,
): void {
  try {
    check({ kind, address: repository });
  } catch (error) {
    throw error instanceof RepositoryError ? new Refusal('INVALID_PARAMETERS', error.message, { cause: error }) : error;
  }
}
