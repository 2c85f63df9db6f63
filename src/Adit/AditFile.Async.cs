using Adit.Files;
using Adit.Nodes;

namespace Adit;

/// <content>For callers that await. A copy to or from memory is done before the call returns and allocates nothing; what waits, for a disk or for the
/// holder of a pin, waits on a thread of the pool. Failures are those of the method of the same name without <c>Async</c>.</content>
public sealed partial class AditFile
{
    /// <inheritdoc cref="Read(long, Span{byte})"/>
    /// <param name="token">Looked at once, before the bytes are copied.</param>
    public ValueTask<int> ReadAsync(long offsetBytes, Memory<byte> destination, CancellationToken token = default)
    {
        if (token.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<int>(token);
        }

        try
        {
            return ValueTask.FromResult(Read(offsetBytes, destination.Span));
        }
        catch (AditException failure)
        {
            return ValueTask.FromException<int>(failure);
        }
    }

    /// <inheritdoc cref="Write(long, ReadOnlySpan{byte})"/>
    /// <param name="token">Looked at once, before anything is written.</param>
    public ValueTask WriteAsync(long offsetBytes, ReadOnlyMemory<byte> source, CancellationToken token = default)
    {
        if (token.IsCancellationRequested)
        {
            return ValueTask.FromCanceled(token);
        }

        if (Node is FileHandle { WaitsForDurability: true })
        {
            return new ValueTask(WriteElsewhere(offsetBytes, source));
        }

        try
        {
            Write(offsetBytes, source.Span);
            return ValueTask.CompletedTask;
        }
        catch (AditException failure)
        {
            return ValueTask.FromException(failure);
        }
    }

    /// <remarks>A method of its own, because a method that makes a closure allocates it at its beginning.</remarks>
    private Task WriteElsewhere(long offsetBytes, ReadOnlyMemory<byte> source) =>
        Task.Run(() => Write(offsetBytes, source.Span), CancellationToken.None);

    /// <inheritdoc cref="Flush"/>
    /// <param name="token">Looked at before it begins; a flush that has begun comes to its end.</param>
    public Task FlushAsync(bool dataOnly = false, CancellationToken token = default) => Task.Run(() => Flush(dataOnly), token);

    /// <inheritdoc cref="SetLength"/>
    /// <param name="token">Ends the waiting for those who have what is cut off pinned, viewed or leased; nothing has changed then.</param>
    public Task SetLengthAsync(long lengthBytes, CancellationToken token = default) =>
        Task.Run(() => SetLength(lengthBytes, new ChangeOptions { Cancellation = token }), token);

    /// <inheritdoc cref="Allocate"/>
    /// <param name="token">Ends the waiting for those who have what changes pinned, viewed or leased; nothing has changed then.</param>
    public Task AllocateAsync(long offsetBytes, long lengthBytes, AllocateMode mode = AllocateMode.Allocate, CancellationToken token = default) =>
        Task.Run(() => Allocate(offsetBytes, lengthBytes, mode, new ChangeOptions { Cancellation = token }), token);
}
