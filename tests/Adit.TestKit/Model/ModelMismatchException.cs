namespace Adit.TestKit.Model;

/// <summary>The file system under test and the model disagree.</summary>
public sealed class ModelMismatchException(string message, ModelState state) : Exception(message)
{
    /// <summary>The model's state before the operation that differed.</summary>
    public ModelState State { get; } = state;
}
