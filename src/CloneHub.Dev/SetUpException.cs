namespace CloneHub.Dev;

/// <summary>Something the person at the keyboard can put right; the message says what and how.</summary>
public sealed class SetUpException : Exception
{
    public SetUpException()
    {
    }

    public SetUpException(string message)
        : base(message)
    {
    }

    public SetUpException(string message, Exception inner)
        : base(message, inner)
    {
    }
}
