import { parseS3Address } from '../../../src/blob/s3-address.ts';
import { openS3BlobStore } from '../../../src/blob/s3-blob-store.ts';
import { commitBlobs } from '../commit-blobs.ts';

/**
 * A writer to kill or to measure, which finds the store by its variables. `commit` commits blobs for ever, ever larger, and
 * says their keys; `large` writes one of so many bytes and says how much memory the process has had at most.
 */
const [what, sizeBytes] = process.argv.slice(2);
const address = parseS3Address(process.env.SLIPWAY_BLOBS ?? '');
if (address === undefined) throw new Error('SLIPWAY_BLOBS is not set.');
const store = await openS3BlobStore({ address, pathStyle: true, clock: Date.now });
if (what === 'commit') await commitBlobs(store, 1_500_000);
const writer = await store.create('large');
const chunk = Buffer.alloc(1_000_000);
for (let written = 0; written < Number(sizeBytes); written += chunk.length) await writer.write(chunk);
await writer.commit();
process.stdout.write(String(process.resourceUsage().maxRSS * 1024));
