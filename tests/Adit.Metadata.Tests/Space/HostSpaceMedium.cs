using Adit.Format;
using Adit.Interop;
using Adit.Media;

namespace Adit.Metadata.Tests.Space;

/// <summary>A medium without bytes: it only counts how much room its host gave.</summary>
internal sealed class HostSpaceMedium : Medium
{
    private readonly HashSet<long> _chunks = [];

    public HostSpaceMedium(long chunkCount, long hostChunks = long.MaxValue)
    {
        LengthBytes = chunkCount << Geometry.ChunkShift;
        HostChunks = hostChunks;
    }

    public long HostChunks { get; set; }

    public override string Name => "[host space]";

    public override MediumKind Kind => MediumKind.Memory;

    public override bool HasCheapFences => true;

    public bool IsReserved(long chunk) => _chunks.Contains(chunk);

    public override Errno Reserve(long offsetBytes, long lengthBytes)
    {
        lock (_chunks)
        {
            for (var chunk = offsetBytes >> Geometry.ChunkShift; chunk << Geometry.ChunkShift < offsetBytes + lengthBytes; chunk++)
            {
                if (!_chunks.Contains(chunk) && _chunks.Count >= HostChunks)
                {
                    return Errno.ENOSPC;
                }

                _chunks.Add(chunk);
            }

            return Errno.Success;
        }
    }

    public override void Write(long offsetBytes, ReadOnlySpan<byte> source) => throw new NotSupportedException();

    public override void WriteZeros(long offsetBytes, long lengthBytes) => throw new NotSupportedException();

    public override void MarkStored(long offsetBytes, long lengthBytes) => throw new NotSupportedException();

    public override void Fence() => throw new NotSupportedException();

    public override void Dispose()
    {
    }
}
