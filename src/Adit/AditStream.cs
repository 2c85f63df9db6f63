namespace Adit;

/// <summary>A <see cref="Stream"/> over an open file. Reads and writes go straight to the medium, so nothing is buffered here.</summary>
internal sealed class AditStream(AditFile file, bool leaveOpen) : Stream
{
    private bool _isClosed;

    public override bool CanRead => !_isClosed && (file.Access & FileAccess.Read) != 0;

    public override bool CanSeek => !_isClosed;

    public override bool CanWrite => !_isClosed && (file.Access & FileAccess.Write) != 0;

    public override long Length => file.Length;

    public override long Position { get; set; }

    public override int Read(Span<byte> buffer)
    {
        int readBytes = file.Read(Position, buffer);
        Position += readBytes;
        return readBytes;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        file.Write(Position, buffer);
        Position += buffer.Length;
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    /// <remarks>Done before it returns: a read is a copy from memory.</remarks>
    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        ValueTask<int> read = file.ReadAsync(Position, buffer, cancellationToken);
        if (read.IsCompletedSuccessfully)
        {
            Position += read.Result;
        }

        return read;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        ValueTask write = file.WriteAsync(Position, buffer, cancellationToken);
        if (write.IsCompleted && !write.IsCompletedSuccessfully)
        {
            return write;
        }

        Position += buffer.Length;
        return write;
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override long Seek(long offset, SeekOrigin origin)
    {
        long target = offset + origin switch
        {
            SeekOrigin.Begin => 0,
            SeekOrigin.Current => Position,
            _ => file.Length,
        };
        ArgumentOutOfRangeException.ThrowIfNegative(target, nameof(offset));
        return Position = target;
    }

    public override void SetLength(long value) => file.SetLength(value);

    /// <summary>Does nothing: there is no buffer. For durability see <see cref="AditFile.Flush"/>.</summary>
    public override void Flush()
    {
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing && !_isClosed)
        {
            _isClosed = true;
            if (!leaveOpen)
            {
                file.Dispose();
            }
        }

        base.Dispose(disposing);
    }
}
