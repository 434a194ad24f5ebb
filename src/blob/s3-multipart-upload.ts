import {
  AbortMultipartUploadCommand,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { BlobError } from './blob-store.ts';
import type { S3Bucket } from './s3-bucket.ts';
import { throughOutage } from './s3-outage.ts';
import type { ClosedPart } from './s3-part.ts';
import { signPayload } from './s3-payload.ts';

/** With one more that is filled, what a writer holds in memory. */
const PARTS_AT_ONCE = 3;
/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html */
const MOST_PARTS = 10_000;

/** An object that is sent in parts, and is there when these are put together. */
export class S3MultipartUpload {
  readonly #bucket: S3Bucket;
  readonly #key: string;
  readonly #metadata: Readonly<Record<string, string>>;
  readonly #signal: AbortSignal;
  readonly #parts: CompletedPart[] = [];
  readonly #sending = new Set<Promise<void>>();
  #count = 0;
  #id: Promise<string> | undefined;
  #failure: unknown;

  /** @param signal ends what is being sent; `abort` is to be called too */
  constructor(bucket: S3Bucket, key: string, metadata: Readonly<Record<string, string>>, signal: AbortSignal) {
    this.#bucket = bucket;
    this.#key = key;
    this.#metadata = metadata;
    this.#signal = signal;
  }

  /** Begins to send the next part, and resolves when there may be another one. @throws what sending any of them threw */
  async add(part: ClosedPart): Promise<void> {
    while (this.#sending.size >= PARTS_AT_ONCE) await Promise.race(this.#sending);
    this.#throwIfFailed();
    this.#count += 1;
    if (this.#count > MOST_PARTS) {
      throw new BlobError('full', `The blob '${this.#key}' is larger than ${MOST_PARTS} parts: make it smaller.`);
    }
    const sending = this.#send(this.#count, part)
      .catch((error) => {
        this.#failure ??= error;
      })
      .finally(() => this.#sending.delete(sending));
    this.#sending.add(sending);
  }

  /** Resolves when every part has arrived. */
  async settle(): Promise<void> {
    await Promise.all(this.#sending);
    this.#throwIfFailed();
  }

  /** Makes the object of the parts. @param condition `*` where there must be none yet */
  async complete(condition: '*' | undefined): Promise<void> {
    const parts = this.#parts.toSorted((a, b) => (a.PartNumber ?? 0) - (b.PartNumber ?? 0));
    const command = new CompleteMultipartUploadCommand({
      ...this.#bucket.object(this.#key),
      UploadId: await this.#id,
      IfNoneMatch: condition,
      MultipartUpload: { Parts: parts },
    });
    await this.#bucket.client.send(command, { abortSignal: this.#signal });
  }

  /** Throws away what has arrived, once nothing is on its way any more: the store keeps a part that comes later. */
  async abort(): Promise<void> {
    await Promise.all(this.#sending);
    if (this.#id === undefined) return;
    const UploadId = await this.#id;
    const { client, object, prompt } = this.#bucket;
    await client.send(new AbortMultipartUploadCommand({ ...object(this.#key), UploadId }), prompt);
  }

  async #send(PartNumber: number, { bytes, sha256 }: ClosedPart): Promise<void> {
    this.#id ??= this.#throughOutage(() => this.#create());
    const UploadId = await this.#id;
    const parameters = { ...this.#bucket.object(this.#key), UploadId, PartNumber, Body: bytes };
    const { ETag, ChecksumCRC32 } = await this.#throughOutage(() => {
      const command = new UploadPartCommand(parameters);
      signPayload(command, sha256);
      return this.#bucket.client.send(command, { abortSignal: this.#signal });
    });
    this.#parts.push({ PartNumber, ETag, ChecksumCRC32 });
  }

  /** Not ended by the signal: an upload whose id nobody learned stays until it is swept. */
  async #create(): Promise<string> {
    const { client, encryption, prompt } = this.#bucket;
    const hasChecksums = (await client.config.requestChecksumCalculation()) === 'WHEN_SUPPORTED';
    const { UploadId } = await client.send(
      new CreateMultipartUploadCommand({
        ...this.#bucket.object(this.#key),
        ...encryption,
        Metadata: this.#metadata,
        ...(hasChecksums && { ChecksumAlgorithm: 'CRC32' }),
      }),
      prompt,
    );
    if (UploadId === undefined) throw new Error(`The S3 store gave the upload of '${this.#key}' no id.`);
    return UploadId;
  }

  #throughOutage<T>(work: () => Promise<T>): Promise<T> {
    return throughOutage(work, { outageMs: this.#bucket.outageMs, signal: this.#signal });
  }

  #throwIfFailed(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }
}
