/** A package that is no zip, or one that nobody should unpack. The message says what is wrong with it. */
export class PackageUnreadable extends Error {
  override readonly name = 'PackageUnreadable';

  /** @param what is wrong, as the end of a sentence that began with the package */
  constructor(what: string, options: { readonly cause?: unknown } = {}) {
    super(`The package cannot be read: ${what}.`, options);
  }
}
