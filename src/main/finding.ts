/** What `slipway doctor` found out about one thing. */
export interface Finding {
  readonly name: string;
  /** `note` is worth knowing and stops nothing; `missing` must be seen to. */
  readonly state: 'ok' | 'note' | 'missing';
  /** What is there, in a few words. */
  readonly found: string;
  /** What to do about it. */
  readonly advice?: string;
}
