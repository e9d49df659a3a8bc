using System;
using System.Collections.Generic;
using System.Management.Automation;
using System.Management.Automation.Language;
using System.Management.Automation.Runspaces;
using System.Text;

namespace ImageServicing.Shell;

/// <summary>Reads statements at the prompt: cursor keys, history, completion by Tab, and lines that go on.</summary>
/// <remarks>The history stays in memory: command lines may hold product keys and passwords.</remarks>
internal sealed class LineEditor
{
    private const string Continuation = ">> ";

    private readonly Runspace runspace;
    private readonly List<string> history = [];
    private readonly StringBuilder line = new();
    private int cursor;
    private int drawn;
    private int promptWidth;
    private CommandCompletion? completion;

    internal LineEditor(Runspace runspace)
    {
        this.runspace = runspace;
    }

    /// <summary>One whole statement; null at the end of the input.</summary>
    internal string? ReadStatement(string prompt)
    {
        var statement = new StringBuilder();
        string shown = prompt;
        while (true)
        {
            string? next = Console.IsInputRedirected ? Plain(shown) : Edit(shown);
            if (next is null)
            {
                return statement.Length == 0 ? null : string.Empty;
            }

            statement.Append(next);
            string text = statement.ToString();
            Parser.ParseInput(text, out _, out ParseError[] errors);
            if (next.Length > 0 && Array.Exists(errors, error => error.IncompleteInput))
            {
                statement.Append('\n');
                shown = Continuation;
                continue;
            }

            if (!string.IsNullOrWhiteSpace(text) && (history.Count == 0 || history[^1] != text))
            {
                history.Add(text);
            }

            return text;
        }
    }

    private static string? Plain(string prompt)
    {
        Console.Out.Write(prompt);
        return Console.In.ReadLine();
    }

    private string? Edit(string prompt)
    {
        // The terminal keeps the place after the prompt (DECSC), where every drawing of the line starts.
        Console.Out.Write(prompt + "\u001b7");
        line.Clear();
        cursor = 0;
        drawn = 0;
        promptWidth = prompt.Length - (prompt.LastIndexOf('\n') + 1);
        completion = null;
        int chosen = history.Count;
        bool control = Console.TreatControlCAsInput;
        Console.TreatControlCAsInput = true;
        try
        {
            while (true)
            {
                ConsoleKeyInfo key = Console.ReadKey(intercept: true);
                if (key.Key != ConsoleKey.Tab)
                {
                    completion = null;
                }

                switch (key.Key)
                {
                    case ConsoleKey.Enter:
                        Console.Out.WriteLine();
                        return line.ToString();
                    case ConsoleKey.C when key.Modifiers == ConsoleModifiers.Control:
                        Console.Out.WriteLine("^C");
                        return string.Empty;
                    case ConsoleKey.D when key.Modifiers == ConsoleModifiers.Control && line.Length == 0:
                        Console.Out.WriteLine();
                        return null;
                    case ConsoleKey.UpArrow when chosen > 0:
                        Replace(history[--chosen]);
                        break;
                    case ConsoleKey.DownArrow when chosen < history.Count:
                        chosen++;
                        Replace(chosen == history.Count ? string.Empty : history[chosen]);
                        break;
                    case ConsoleKey.Tab:
                        Complete(forward: (key.Modifiers & ConsoleModifiers.Shift) == 0);
                        break;
                    default:
                        Apply(key);
                        break;
                }

                Draw();
            }
        }
        catch (InvalidOperationException)
        {
            // The terminal went away.
            return null;
        }
        finally
        {
            Console.TreatControlCAsInput = control;
        }
    }

    private void Apply(ConsoleKeyInfo key)
    {
        switch (key.Key)
        {
            case ConsoleKey.LeftArrow:
                cursor = Math.Max(0, cursor - 1);
                break;
            case ConsoleKey.RightArrow:
                cursor = Math.Min(line.Length, cursor + 1);
                break;
            case ConsoleKey.Home:
                cursor = 0;
                break;
            case ConsoleKey.End:
                cursor = line.Length;
                break;
            case ConsoleKey.Backspace when cursor > 0:
                line.Remove(--cursor, 1);
                break;
            case ConsoleKey.Delete when cursor < line.Length:
                line.Remove(cursor, 1);
                break;
            case ConsoleKey.Escape:
                Replace(string.Empty);
                break;
            default:
                if (!char.IsControl(key.KeyChar))
                {
                    line.Insert(cursor++, key.KeyChar);
                }

                break;
        }
    }

    private void Complete(bool forward)
    {
        using PowerShell shell = PowerShell.Create(runspace);
        completion ??= CommandCompletion.CompleteInput(line.ToString(), cursor, null, shell);
        CompletionResult? result = completion.GetNextResult(forward);
        if (result is not null)
        {
            line.Remove(completion.ReplacementIndex, completion.ReplacementLength);
            line.Insert(completion.ReplacementIndex, result.CompletionText);
            completion.ReplacementLength = result.CompletionText.Length;
            cursor = completion.ReplacementIndex + result.CompletionText.Length;
        }
    }

    private void Replace(string text)
    {
        line.Clear().Append(text);
        cursor = text.Length;
    }

    /// <summary>Writes the line anew: back to its start, the text, blanks over what was longer, back to the cursor.</summary>
    /// <remarks>A line longer than the terminal is wide shows the part around the cursor, so that it never wraps.</remarks>
    private void Draw()
    {
        int width = Console.WindowWidth > 0 ? Console.WindowWidth : 80;
        int room = Math.Max(10, width - promptWidth - 1);
        int start = Math.Max(0, cursor - room);
        string shown = line.ToString(start, Math.Min(room, line.Length - start));
        string blanks = new(' ', Math.Max(0, drawn - shown.Length));
        drawn = shown.Length;
        string back = cursor > start ? $"\u001b[{cursor - start}C" : string.Empty;
        Console.Out.Write($"\u001b8{shown}{blanks}\u001b8{back}");
    }
}
