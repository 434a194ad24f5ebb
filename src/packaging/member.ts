import type { SourceFile } from '../repository/repository.ts';

/** What a zip says of a member's content. */
export interface MemberFacts {
  readonly method: 'stored' | 'deflated';
  /** CRC-32 of the content, before it was packed. */
  readonly crc32: number;
  /** Size of the content before it was packed. */
  readonly sizeBytes: number;
  readonly packedBytes: number;
}

/** A content in the form in which it stands in a package. */
export interface PackedMember extends MemberFacts {
  /** The packed bytes: whole, or, when they are many, to be read as often as needed. */
  readonly body: Uint8Array | { read(): AsyncIterable<Uint8Array> };
}

/** Where in a package a content goes. */
export interface MemberPlace {
  /** As {@link SourceFile.path}; that of a folder ends in `/`. */
  readonly path: string;
  readonly mode: SourceFile['mode'] | 'folder';
}
