import { createHash, randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { HeadObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { BlobError, type BlobWriter, type WrittenBlob } from './blob-store.ts';
import type { S3Bucket } from './s3-bucket.ts';
import { isNotFound, isNotImplemented } from './s3-errors.ts';
import { S3MultipartUpload } from './s3-multipart-upload.ts';
import { throughOutage } from './s3-outage.ts';
import { S3Part } from './s3-part.ts';
import { signPayload } from './s3-payload.ts';

/** The metadata that tells whose object it is. */
const WRITER = 'slipway-writer';
/** Whoever gives up a blob does not wait for a silent store: what stays there is swept. */
const DISCARD_MS = 5000;

/** Writes one blob: with a single request where it is smaller than a part, in parts otherwise. */
export class S3BlobWriter implements BlobWriter {
  readonly #bucket: S3Bucket;
  readonly #key: string;
  readonly #id = randomUUID();
  readonly #hash = createHash('sha256');
  readonly #abortion = new AbortController();
  #part: S3Part | undefined;
  #upload: S3MultipartUpload | undefined;
  #sizeBytes = 0;
  #isCommitted = false;
  #discarding: Promise<void> | undefined;

  constructor(bucket: S3Bucket, key: string) {
    this.#bucket = bucket;
    this.#key = key;
  }

  async write(chunk: Uint8Array): Promise<void> {
    this.#signal.throwIfAborted();
    this.#hash.update(chunk);
    this.#sizeBytes += chunk.byteLength;
    try {
      for (let rest = chunk; rest.byteLength > 0; ) {
        this.#part ??= new S3Part();
        rest = this.#part.take(rest);
        if (this.#part.isFull) await this.#sendPart(this.#part);
      }
    } catch (error) {
      await this.abort();
      throw error;
    }
  }

  async commit(): Promise<WrittenBlob> {
    try {
      this.#signal.throwIfAborted();
      await this.#finish();
      this.#signal.throwIfAborted();
    } catch (error) {
      await this.abort();
      throw error;
    }
    this.#isCommitted = true;
    return { sizeBytes: this.#sizeBytes, sha256: this.#hash.digest('hex') };
  }

  async abort(): Promise<void> {
    if (this.#isCommitted) return;
    this.#abortion.abort(new Error(`The blob '${this.#key}' was given up.`));
    this.#discarding ??= this.#discard();
    await this.#discarding;
  }

  get #signal(): AbortSignal {
    return this.#abortion.signal;
  }

  async #sendPart(part: S3Part): Promise<void> {
    this.#part = undefined;
    this.#upload ??= new S3MultipartUpload(this.#bucket, this.#key, { [WRITER]: this.#id }, this.#signal);
    await this.#upload.add(part.close());
  }

  /** Sends what is left and makes the object, if there is none under its key. */
  async #finish(): Promise<void> {
    if (this.#upload !== undefined && this.#part !== undefined) await this.#sendPart(this.#part);
    await this.#upload?.settle();
    const make = this.#upload === undefined ? this.#put() : this.#complete(this.#upload);
    await throughOutage(() => this.#make(make), { outageMs: this.#bucket.outageMs, signal: this.#signal });
  }

  async #make(make: (condition: '*' | undefined) => Promise<void>): Promise<void> {
    // Not every store knows the condition that the object is made under, and some take no notice of it.
    const writer = await this.#findWriter();
    // Of an earlier try, whose answer was lost.
    if (writer === this.#id) return;
    if (writer !== undefined) throw this.#exists();
    try {
      await make('*').catch((error) => (isNotImplemented(error) ? make(undefined) : Promise.reject(error)));
    } catch (error) {
      this.#signal.throwIfAborted();
      await this.#throwUnlessMade(error);
    }
  }

  #put(): (condition: '*' | undefined) => Promise<void> {
    const { bytes, sha256 } = (this.#part ?? new S3Part()).close();
    return async (IfNoneMatch) => {
      const { client, encryption } = this.#bucket;
      const Metadata = { [WRITER]: this.#id };
      const parameters = { ...this.#bucket.object(this.#key), ...encryption, Metadata, IfNoneMatch, Body: bytes };
      const command = new PutObjectCommand(parameters);
      signPayload(command, sha256);
      await client.send(command, { abortSignal: this.#signal });
    };
  }

  #complete(upload: S3MultipartUpload): (condition: '*' | undefined) => Promise<void> {
    return (condition) => upload.complete(condition);
  }

  /**
   * A request may have done its work and its answer be lost: tried again, it finds the object that it has made itself.
   *
   * @throws what is given, or BlobError `exists` for the object of another writer
   */
  async #throwUnlessMade(error: unknown): Promise<void> {
    const writer = await this.#findWriter().catch(() => undefined);
    if (writer === this.#id) return;
    throw writer === undefined ? error : this.#exists(error);
  }

  /** Who wrote the object under the key; undefined where there is none. */
  async #findWriter(): Promise<string | undefined> {
    const command = new HeadObjectCommand(this.#bucket.object(this.#key));
    try {
      const { Metadata } = await this.#bucket.client.send(command, {
        abortSignal: this.#signal,
        ...this.#bucket.prompt,
      });
      return Metadata?.[WRITER] ?? 'somebody else';
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  #exists(cause?: unknown): BlobError {
    return new BlobError('exists', `There is a blob '${this.#key}' already.`, { cause });
  }

  async #discard(): Promise<void> {
    // Errors are nobody's concern any more, and the sweep sees to what is left.
    const discarded = this.#upload?.abort().catch(() => undefined);
    await Promise.race([discarded, setTimeout(DISCARD_MS, undefined, { ref: false })]);
  }
}
