using Adit.Interop;

namespace Adit.Nodes;

/// <summary>Nodes that can be stopped at once, as by a loss of power, for crash tests.</summary>
public interface IStoppableNodes : INodeOperations
{
    /// <summary>Accepts no change any more and writes nothing, not at the close either: what is not durable is lost.</summary>
    /// <param name="makesDurable">Everything done before is made durable first.</param>
    Errno ShutDown(bool makesDurable);
}
