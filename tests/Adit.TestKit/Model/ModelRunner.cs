using Adit.Interop;

namespace Adit.TestKit.Model;

/// <summary>Runs operations on a file system under test and on the model side by side and compares every outcome.</summary>
public sealed class ModelRunner(IFileSystemDriver driver, ModelFileSystem model)
{
    public ModelFileSystem Model { get; } = model;

    /// <summary>Operations run so far.</summary>
    public int Count { get; private set; }

    /// <summary>Operations that failed for want of space, which the model does not know.</summary>
    public int NoSpaceCount { get; private set; }

    /// <exception cref="ModelMismatchException">The outcome differs from the model's.</exception>
    public void Run(FileOperation operation)
    {
        ModelState before = Model.State;
        Errno actual = driver.Apply(operation);
        Count++;
        if (actual == Errno.ENOSPC)
        {
            NoSpaceCount++;
            if (driver.LastWrittenBytes > 0)
            {
                Model.ApplyPartly(operation, driver.LastWrittenBytes);
            }

            return;
        }

        Errno expected = Model.Apply(operation);
        if (actual != expected)
        {
            throw new ModelMismatchException($"operation {Count}, {operation}: {actual}, expected {expected}", before);
        }

        if (operation is ReadOperation && expected == Errno.Success && !driver.LastRead.SequenceEqual(Model.LastRead))
        {
            throw new ModelMismatchException(
                $"operation {Count}, {operation}: {driver.LastRead.Length} bytes that differ from the model's {Model.LastRead.Length} at "
                + $"{driver.LastRead.CommonPrefixLength(Model.LastRead)}",
                before);
        }
    }

    /// <exception cref="ModelMismatchException">Something is seen that the model does not have, or the reverse.</exception>
    public void CompareState()
    {
        if (StateComparison.FindDifference(driver.Observe(), Model.State) is { } difference)
        {
            throw new ModelMismatchException($"after operation {Count}: {difference}", Model.State);
        }
    }
}
