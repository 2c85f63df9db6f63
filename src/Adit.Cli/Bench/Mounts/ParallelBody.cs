namespace Adit.Cli.Bench.Mounts;

/// <summary>Two threads write blocks of one file, each through a descriptor of its own.</summary>
internal sealed class ParallelBody(MountTarget target) : MountBody(target)
{
    private readonly TransferBody[] _writers =
    [
        new(target, MountScene.BlockBytes, isWrite: true, seed: 17),
        new(target, MountScene.BlockBytes, isWrite: true, seed: 19),
    ];

    public override void Run(int operations)
    {
        Exception? failure = null;
        Thread other = new(() =>
        {
            try
            {
                _writers[1].Run(operations / 2);
            }
            catch (InvalidOperationException exception)
            {
                failure = exception;
            }
        });
        other.Start();
        _writers[0].Run(operations - (operations / 2));
        other.Join();
        if (failure is not null)
        {
            throw failure;
        }
    }

    public override void Dispose()
    {
        foreach (var writer in _writers)
        {
            writer.Dispose();
        }
    }
}
