namespace Adit.Nodes;

/// <summary>Nodes that are also changed by others than the one who serves them.</summary>
public interface IObservableNodes : INodeOperations
{
    /// <summary>Has an observer told of every change from now on.</summary>
    /// <returns>Ends that when disposed; a call under way goes on.</returns>
    IDisposable Observe(IChangeObserver observer);
}
