import type {
  $Command,
  PutObjectCommandOutput,
  S3ClientResolvedConfig,
  UploadPartCommandOutput,
} from '@aws-sdk/client-s3';

/**
 * Has a request signed with the SHA-256 of its bytes that is known already. The SDK would hash them again, eight million at
 * once, while nothing else gets its turn. Every store compares the hash with what arrives.
 *
 * @param sha256 in lower-case hex
 */
export function signPayload<Input extends object, Output extends PutObjectCommandOutput | UploadPartCommandOutput>(
  command: $Command<Input, Output, S3ClientResolvedConfig>,
  sha256: string,
): void {
  command.middlewareStack.add(
    (next) => (args) => {
      const { request } = args;
      if (hasHeaders(request)) request.headers['x-amz-content-sha256'] = sha256;
      return next(args);
    },
    { step: 'build', name: 'slipwayPayloadHash' },
  );
}

function hasHeaders(request: unknown): request is { readonly headers: Record<string, string> } {
  return typeof request === 'object' && request !== null && 'headers' in request;
}
